"""The workflow that gates every change: the README's, with this repository's default branch."""

from qgate.init.yaml_text import flow

PATH = ".github/workflows/qgate.yml"
# Not a release's commit on purpose: whoever pins an action should have looked at that commit. Zeros fail at once, and are no tag.
UNPINNED = "0" * 40
HEAD = """\
# Gates every change against the charters in .qgate/, written by `qgate init`.
# Before it runs: replace the zeros after `qgate/qgate-action@` by the commit of the release that you have reviewed.
"""
_TEXT = """\
name: qgate
on:
  pull_request:
  merge_group:
  push:
    branches: [<branch>]
permissions: {}
concurrency:
  group: qgate-${{ github.event.pull_request.number || github.ref }}
  cancel-in-progress: true
jobs:
  gate:
    name: gate
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read # the repository's files and history
      pull-requests: write # the comment; reviews of what loosens a charter
      checks: write # the check run and its annotations
      statuses: write # one status per pilot and one overall
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
        with:
          ref: ${{ github.event.pull_request.head.sha || github.sha }} # the commit that is gated, not the temporary merge
          fetch-depth: 0 # the merge base
          persist-credentials: false # the pull request's code must not find the token
      - uses: qgate/qgate-action@<commit> # the full commit SHA of a release: a tag can be moved
"""


def workflow(*, branch: str, directory: str = "") -> str:
    """The workflow's text; `branch` is where changes are merged into, `directory` where the pilots are ("": the top)."""
    text = HEAD + _TEXT.replace("<branch>", flow(branch)).replace("<commit>", UNPINNED)
    return text + (f"        with:\n          working-directory: {flow(directory)}\n" if directory else "")
