"""Backups of ledger and data, and what a restore brings back."""
