import { PageHead } from "@/components/PageHead";

export function PlaybackPage() {
  return <PageHead title="Playback" />;
}
