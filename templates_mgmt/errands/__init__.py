"""What is done at the provider, one module per kind of task. Called by `templates_mgmt.tasks` alone."""
