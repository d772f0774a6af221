"""The plan as one page for a browser: to be read, searched, printed and kept.

`views` says what stands on the page as values, `page` renders them; the templates, the style and the script
beside them are inlined, so that the page loads nothing. Text from outside is escaped and made inert in one
place, where the templates write it. The only importer of `jinja2`.
"""
