"""What members see: one file per area of commands."""
