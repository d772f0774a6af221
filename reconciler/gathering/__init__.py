"""Reading the org for a plan: asks kinds what to read, and reads it in rounds until nothing new is named.

Equal reads are sent once a run. The org is reached through the `OrgReader` Protocol, so nothing here can
change it; this folder knows neither `remote` nor `store`.
"""
