"""The worker: the pull request's code in its own process, and the protocol it answers by."""
