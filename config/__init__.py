"""What an operator sets: settings, the words residents read, example city profiles, the demo city."""
