"""What is typed, made into what is said."""
