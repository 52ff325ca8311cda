import query from "@tanstack/eslint-plugin-query";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Rooms below `features/` know our nouns; `ui/` and `format/` know none of them. */
const knowsNoNouns = {
  files: ["src/ui/**", "src/format/**"],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: ["@/api/*", "@/features/*", "@/live/*", "@/routes/*"],
            message: "ui and format know no nouns of ours",
          },
        ],
      },
    ],
  },
};

export default defineConfig(
  globalIgnores(["dist", "src/routeTree.gen.ts", "src/api/schema.gen.ts", "public"]),
  {
    files: ["**/*.{ts,tsx}"],
    extends: [
      tseslint.configs.strictTypeChecked,
      reactHooks.configs.flat["recommended-latest"],
      jsxA11y.flatConfigs.strict,
      query.configs["flat/recommended"],
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/only-throw-error": "off", // the router's notFound() and redirect() are thrown
      // Lists that scroll and grids are reached by keyboard through these roles.
      "jsx-a11y/no-noninteractive-tabindex": ["error", { tags: [], roles: ["region", "tabpanel", "grid", "log"] }],
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "nothing from outside becomes HTML" },
      ],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
    },
  },
  {
    files: ["e2e/**", "perf/**", "*.config.ts", "scripts/**"],
    rules: { "no-console": "off", "react-hooks/rules-of-hooks": "off" },
  },
  knowsNoNouns,
);
