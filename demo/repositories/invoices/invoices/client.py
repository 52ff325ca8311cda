"""Reads invoices from the internal API."""

import json
import urllib.request

BASE = "https://api.internal.example/v1"


def headers(token):
    return {"Accept": "application/json", "X-Auth-Token": token}


def request(path, token):
    return urllib.request.Request(BASE + path, headers=headers(token))


def open_invoices(customer, token, urlopen=urllib.request.urlopen):
    with urlopen(request(f"/customers/{customer}/invoices?state=open", token)) as response:
        return json.load(response)["invoices"]
