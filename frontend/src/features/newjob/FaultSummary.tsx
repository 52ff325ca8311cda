import { CircleAlert } from "lucide-react";
import type { Ref } from "react";
import { plural } from "@/format/number";
import { fieldId, formField } from "./fieldId";
import styles from "./FaultSummary.module.css";
import type { Fault } from "./validate";

/** Everything that keeps the job from starting, each with a link to its field. It takes the focus. */
export function FaultSummary({ faults, ref }: { faults: readonly Fault[]; ref: Ref<HTMLDivElement> }) {
  return (
    <div ref={ref} tabIndex={-1} role="alert" className={styles.box}>
      <h2>
        <CircleAlert aria-hidden />
        {plural(faults.length, "thing keeps", "things keep")} the job from starting
      </h2>
      <ul>
        {faults.map(({ field, message }, i) => (
          <li key={i}>
            <a
              href={`#${fieldId(formField(field))}`}
              onClick={(event) => {
                event.preventDefault();
                const control = document.getElementById(fieldId(formField(field)));
                control?.focus({ preventScroll: true });
                control?.scrollIntoView({ block: "center" });
              }}
            >
              {message}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
