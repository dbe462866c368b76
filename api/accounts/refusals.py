"""What cannot be done with accounts, as an answer."""

from __future__ import annotations

from api.accounts.people import AccountError
from api.replies import Refusal

STATUS = {
    "disabled": 403,
    "no_such_account": 404,
    "name_taken": 409,
    "last_admin": 409,
    "first_account": 409,
    "no_accounts": 409,
    "too_many_tokens": 409,
}


def refusal_of(error: AccountError) -> Refusal:
    return Refusal(STATUS.get(error.kind, 400), error.kind, str(error))
