import {
  Binary,
  Boxes,
  EyeOff,
  FileLock2,
  Files,
  KeyRound,
  Link2Off,
  type LucideIcon,
  Scale,
  ShieldQuestion,
  TestTubes,
  TestTubeDiagonal,
} from "lucide-react";

/** The rules by which the server objects to a diff without reading it. */
export type Rule =
  | "protected_path"
  | "submodule"
  | "binary"
  | "deleted_tests"
  | "many_files"
  | "symlink_escape"
  | "skipped_tests"
  | "suppression"
  | "large_diff"
  | "secret";

/** A rule for people: what was found, and what to look for. */
export interface RiskLook {
  word: string;
  ask: string;
  icon: LucideIcon;
}

const looks: Record<Rule, RiskLook> = {
  protected_path: {
    word: "Protected files",
    ask: "They decide what runs elsewhere: read every line.",
    icon: FileLock2,
  },
  submodule: { word: "Submodule", ask: "Code of another repository comes with it.", icon: Boxes },
  binary: { word: "Binary files", ask: "No diff can show what is in them.", icon: Binary },
  deleted_tests: { word: "Tests deleted", ask: "Is what they tested gone, too?", icon: TestTubes },
  many_files: { word: "Many files", ask: "Does the task need all of them?", icon: Files },
  symlink_escape: { word: "Link leads out", ask: "A link may reach files outside the repository.", icon: Link2Off },
  skipped_tests: {
    word: "Tests skipped",
    ask: "A skipped test passes whatever the code does.",
    icon: TestTubeDiagonal,
  },
  suppression: { word: "Check silenced", ask: "Was the warning right?", icon: EyeOff },
  large_diff: { word: "Large diff", ask: "Look for what a task of this kind does not need.", icon: Scale },
  secret: { word: "Looks like a secret", ask: "If it is one, change it: it has been seen.", icon: KeyRound },
};

/** The look of a rule. A newer server may have rules that this page does not know. */
export function riskLook(rule: string): RiskLook {
  if (Object.hasOwn(looks, rule)) return looks[rule as Rule];
  return {
    word: sentence(rule),
    ask: "This page does not know the rule; the server may be newer.",
    icon: ShieldQuestion,
  };
}

function sentence(rule: string): string {
  const words = rule.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
