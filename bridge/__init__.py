"""The multi-channel Open311 intake bridge: from a resident's words to a service request and back."""
