import { Page } from "@/ui/Page";

export function OverviewPage() {
  return (
    <Page title="Overview" heading="Overview">
      …
    </Page>
  );
}
