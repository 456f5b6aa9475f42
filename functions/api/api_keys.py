"""The API keys of the business, for its owner."""

from functions.api.dependencies import Api
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.people.api_keys import ApiKey, NewKey, StoredKey, new_key
from statemachine.values.values import Frozen


class KeysDocument(Frozen):
    keys: tuple[ApiKey, ...]


class NewKeyDocument(ApiKey):
    key: str
    """Sent as `Authorization: Bearer KEY`. It is shown this once."""


def list_keys(api: Api, request: ApiRequest) -> ApiResponse:
    """Newest first, also those that have expired."""
    found = sorted(
        api.keys.keys.all(request.session.tenant), key=lambda key: key.created_at, reverse=True
    )
    return ApiResponse(200, KeysDocument(keys=tuple(ApiKey(**listed(key)) for key in found)))


def create_key(api: Api, request: ApiRequest) -> ApiResponse:
    """A copy of the request makes another key, which is listed and can be revoked."""
    wanted, by = request.document(NewKey), request.session.member
    key, made = new_key(api.keys.keys, request.session.tenant, wanted, by, request.now)
    return ApiResponse(201, NewKeyDocument(**listed(made), key=key), outcome="key created")


def revoke_key(api: Api, request: ApiRequest) -> ApiResponse:
    api.keys.keys.delete(request.session.tenant, request.parameters["key_id"])
    return ApiResponse(204, outcome="key revoked")


def listed(key: StoredKey) -> dict[str, object]:
    """What is shown of a key."""
    return {name: getattr(key, name) for name in ApiKey.model_fields}
