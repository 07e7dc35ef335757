"""Names that break out, in every command that shows one."""
