"""What is stored about people: exporting it, erasing it, and forgetting who has left."""
