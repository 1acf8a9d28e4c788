"""Scripted conversations, the table they are played on, and the pages made of them."""
