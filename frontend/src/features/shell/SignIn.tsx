import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useApi } from "@/api/context";
import { asProblem } from "@/api/problem";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Checkbox, Field, TextInput } from "@/ui/Field";
import { Page } from "@/ui/Page";
import styles from "./SignIn.module.css";

/** Asks for the API token: when the server wants one and there is none, or refuses the one that there is. */
export default function SignIn() {
  const { session, fetch } = useApi();
  const hadToken = session.token !== "";
  const [token, setToken] = useState("");
  const [stays, setStays] = useState(false);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const signIn = async (event: FormEvent) => {
    event.preventDefault();
    if (!token.trim()) {
      setError("Paste the token.");
      return;
    }
    setBusy(true);
    try {
      await fetch("/jobs?limit=1", { headers: { Authorization: `Bearer ${token.trim()}` } });
      session.signIn(token.trim(), stays);
      window.location.reload(); // every page starts anew, as whoever is signed in now
    } catch (problem) {
      setBusy(false);
      setError(asProblem(problem).isSignedOut ? "The server does not know this token." : asProblem(problem).message);
    }
  };
  return (
    <Page title="Sign in">
      <div className={styles.place}>
        <Card title={hadToken ? "Your session has ended" : "Sign in"}>
          <form className={styles.form} onSubmit={(event) => void signIn(event)}>
            <p>
              <KeyRound aria-hidden />{" "}
              {hadToken
                ? "The server no longer takes the token that this browser has. What you were looking at is still there after you sign in."
                : "This server wants a token."}
            </p>
            <Field
              label="API token"
              hint="The value of API_TOKEN on the server; whoever runs it can tell you."
              error={error}
            >
              {(control) => (
                <TextInput
                  {...control}
                  type="password"
                  autoComplete="current-password"
                  value={token}
                  onChange={(event) => setToken(event.target.value)}
                />
              )}
            </Field>
            <Checkbox
              label="Stay signed in on this browser"
              hint="Else it is forgotten when this tab is closed."
              checked={stays}
              onChange={(event) => setStays(event.target.checked)}
            />
            <Button type="submit" look="primary" isBusy={isBusy}>
              Sign in
            </Button>
          </form>
        </Card>
      </div>
    </Page>
  );
}
