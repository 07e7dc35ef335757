"""Clips in an S3-compatible store. `storage.objects.bucket` alone imports obstore, when opened."""
