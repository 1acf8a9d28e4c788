"""Stand-ins of the providers, simulated residents, and the demo that lets them meet the real bridge.

Tests use the same parts: what the demo shows is what is tested.
"""
