"""What is it, and where: services.py ranks a city's services for a text, addresses.py finds its place.

Importing this package loads nothing; the models are read by the functions that need them.
"""
