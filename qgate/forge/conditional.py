"""Readings asked for again: only whether they have changed. GitHub does not count an answer of 304 against its rate limit.

A run reads the comments of its pull request up to three times: for what the last run recorded, before it writes, and after.
"""

from collections.abc import Mapping
from http import HTTPStatus

import requests


class Conditional:
    """The answers to earlier readings, by address, for as long as their client lives."""

    def __init__(self) -> None:
        self._answers: dict[str, requests.Response] = {}

    def headers(self, address: str) -> Mapping[str, str]:
        """What to send with a reading, so that only a change of it is answered in full."""
        known = self._answers.get(address)
        return {} if known is None else {"If-None-Match": known.headers["ETag"]}

    def settled(self, address: str, response: requests.Response) -> requests.Response:
        """The answer in full: the earlier one where nothing has changed."""
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return self._answers.get(address, response)
        if response.status_code == HTTPStatus.OK and "ETag" in response.headers:
            self._answers[address] = response
        return response
