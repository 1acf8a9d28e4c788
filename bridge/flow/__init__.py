"""The flow of one message, left to right: intake, handling, conversation, dispatch, tracking.

No third-party library is imported here: the whole of it runs on plain values and a fake clock.
"""
