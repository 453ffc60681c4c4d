"""Letter templates and their rendering to tagged PDF."""
