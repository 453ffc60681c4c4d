"""Measurements: how fast the product is, beside what it is compared with."""
