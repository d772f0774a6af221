"""What makes the demo and the generated parts of the documents. Not shipped with the package."""
