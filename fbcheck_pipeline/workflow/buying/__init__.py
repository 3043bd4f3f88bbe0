"""From a list's phones to paid tasks: plan, hold, send, pin."""
