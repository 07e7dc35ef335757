"""What an operator needs of a running or stopped bot: health, figures, backup, doctor."""
