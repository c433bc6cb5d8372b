"""Readers: files of any supported format -> a stream of Arrow record batches."""
