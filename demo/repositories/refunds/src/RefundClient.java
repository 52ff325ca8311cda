import java.net.URI;
import java.net.http.HttpRequest;

/** Pays money back. Which versions of the API do that: docs/api.md. */
final class RefundClient {
    private static final String BASE = "https://api.internal.example/v1";

    private final String token;

    RefundClient(String token) {
        this.token = token;
    }

    HttpRequest refund(String order, int cents) {
        return HttpRequest.newBuilder(URI.create(BASE + "/ledger/refunds"))
                .header("X-Auth-Token", token)
                .POST(HttpRequest.BodyPublishers.ofString("{\"order\": \"" + order + "\", \"cents\": " + cents + "}"))
                .build();
    }
}
