import io
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from invoices import client


class ClientTest(unittest.TestCase):
    def test_the_token_goes_into_a_header(self):
        self.assertEqual(client.headers("secret")["X-Auth-Token"], "secret")

    def test_open_invoices(self):
        asked = []

        def urlopen(request):
            asked.append(request.full_url)
            return io.BytesIO(b'{"invoices": [{"number": 1}]}')

        self.assertEqual(client.open_invoices("c7", "secret", urlopen), [{"number": 1}])
        self.assertEqual(asked, ["https://api.internal.example/v1/customers/c7/invoices?state=open"])


if __name__ == "__main__":
    unittest.main()
