"""The program on a disk that is full, read-only or broken, and on one that is well again."""
