"""What admins and members set: one typed definition per setting."""
