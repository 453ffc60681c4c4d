"""The Flask application: pages, forms, access and commands."""
