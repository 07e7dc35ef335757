"""What an operator installs from: container, services, the wheel."""
