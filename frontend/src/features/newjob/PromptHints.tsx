import { Lightbulb } from "lucide-react";
import { Popover } from "@/ui/Popover";
import styles from "./PromptHints.module.css";

/** What makes a prompt work in 200 repositories that its writer has not seen. */
export function PromptHints() {
  return (
    <Popover label="What a good prompt has" size="s" align="end" icon={<Lightbulb />}>
      {() => (
        <ol className={styles.hints}>
          <li>
            <strong>The end, not the steps.</strong> Say how the code should be afterwards; the ways there differ by
            repository.
          </li>
          <li>
            <strong>What to look for</strong>: names, aliases, files, also in tests, configuration and docs.
          </li>
          <li>
            <strong>What to leave alone</strong>: formatting, generated files, other upgrades. A small diff is reviewed.
          </li>
          <li>
            <strong>When to do nothing.</strong> “If there is none, change nothing and say why.”
          </li>
          <li>
            <strong>What is a person’s decision</strong>, to be left and named in the summary.
          </li>
          <li>
            <strong>How to prove it.</strong> Verify commands in part 3 run before and after; what fails only afterwards
            is caught.
          </li>
        </ol>
      )}
    </Popover>
  );
}
