import { ClippedText } from "@/ui/ClippedText";
import type { Call } from "./items";
import styles from "./RawCall.module.css";

/** A call as it went over the wire. */
export function RawCall({ call }: { call: Call }) {
  return (
    <dl className={styles.raw}>
      <dt>
        Input <code>{call.id}</code>
      </dt>
      <dd>
        <ClippedText text={JSON.stringify(call.input, null, 2)} fileName="input.json" />
      </dd>
      <dt>
        Output{call.isError && ", an error"}
        {call.exitCode !== null && `, exit code ${call.exitCode}`}
        {call.isCut && ", cut by the tool"}
      </dt>
      <dd>
        <ClippedText text={call.output ?? "(none yet)"} fileName="output.txt" />
      </dd>
    </dl>
  );
}
