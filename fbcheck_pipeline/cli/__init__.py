"""The `fbcheck` command. Everything heavy is imported by the command that needs it."""

import signal


def main() -> None:
    """Entry of the console script. While the command imports itself, an interrupt ends the process in silence: nothing was begun."""
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from fbcheck_pipeline.cli.entry import run_command

    if is_heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run_command()
