"""What Collect is answered: XML with the headers OpenRosa asks for."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from django.http import HttpResponse

XML = "text/xml; charset=utf-8"
ACCEPTED = 12 << 20  # bytes of one request


def response(answer: HttpResponse) -> HttpResponse:
    answer["X-OpenRosa-Version"] = "1.0"
    answer["X-OpenRosa-Accept-Content-Length"] = str(ACCEPTED)
    return answer


def message(text: str, status: int) -> HttpResponse:
    root = Element("OpenRosaResponse", {"xmlns": "http://openrosa.org/http/response"})
    SubElement(root, "message").text = text
    return response(HttpResponse(_bytes(root), status=status, content_type=XML))


def refusal(text: str, status: int) -> HttpResponse:
    return message(text, status)


def form_list(forms: list[dict[str, str]]) -> HttpResponse:
    root = Element("xforms", {"xmlns": "http://openrosa.org/xforms/xformsList"})
    for form in forms:
        item = SubElement(root, "xform")
        for name, text in form.items():
            SubElement(item, name).text = text
    return HttpResponse(_bytes(root), content_type=XML)


def _bytes(root: Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>' + bytes(tostring(root, encoding="utf-8"))
