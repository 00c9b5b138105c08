"""The published OpenAPI description of PxWebApi 2: what the stand-in is asked, and what it answers, must be as it says."""

from functools import cache
from typing import Any

import yaml
from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from werkzeug import Request, Response

from tests.sources.pxweb_recorded import RECORDED


@cache
def described(root: str) -> OpenAPI:
    """The description, for an interface below a path, mended where the servers themselves differ from it.

    - GET takes the codes of a variable as one text with commas, and calls it `valueCodes`, as the links in its answers do.
    - POST takes `valueCodes`; the description requires `values` beside it, which it does not describe.
    - `updated` is a moment, as it says; its pattern is of a day, and fits neither Sweden's nor Norway's answers.
    """
    given = yaml.safe_load((RECORDED / "PxAPI-2.yml").read_text(encoding="utf-8"))
    _drop_examples(given)
    given["servers"] = [{"url": root}]
    [codes] = [
        each for each in given["paths"]["/tables/{id}/data"]["get"]["parameters"] if each.get("name") == "valuecodes"
    ]
    codes["name"], codes["schema"]["additionalProperties"] = "valueCodes", {"type": "string"}
    schemas = given["components"]["schemas"]
    schemas["VariableSelection"]["required"] = ["variableCode", "valueCodes"]
    for schema in (schemas["Table"]["properties"]["updated"], schemas["updated"]):
        del schema["pattern"]
    return OpenAPI.from_dict(given)


def asked_wrongly(root: str, request: Request) -> str:
    """What of a request is not as described; nothing when all is. Names that are not described are wrong, too."""
    names = {name.partition("[")[0] for name in request.args}
    if odd := names - {
        "lang",
        "query",
        "includeDiscontinued",
        "pageNumber",
        "pageSize",
        "valueCodes",
        "codelist",
        "outputFormat",
    }:
        return f"no such parameter: {sorted(odd)}"
    try:
        described(root).validate_request(WerkzeugOpenAPIRequest(request))
    except OpenAPIError as error:
        return f"{error} {error.__cause__ or ''}"
    return ""


def answered_wrongly(root: str, request: Request, response: Response) -> str:
    """What of an answer is not as described; a table's figures are held against `Dataset`, as its metadata are."""
    asked = WerkzeugOpenAPIRequest(request)
    if request.path.endswith("/data"):
        environ = request.environ | {
            "PATH_INFO": request.path.replace("/data", "/metadata"),
            "QUERY_STRING": "",
            "REQUEST_METHOD": "GET",
        }
        asked = WerkzeugOpenAPIRequest(Request(environ))
    try:
        described(root).validate_response(asked, WerkzeugOpenAPIResponse(response))
    except OpenAPIError as error:
        return f"{error} {error.__cause__ or ''}"
    return ""


def _drop_examples(part: Any) -> None:
    """They stand in files of their own, which are not kept here."""
    if isinstance(part, dict):
        part.pop("examples", None)
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _drop_examples(each)
