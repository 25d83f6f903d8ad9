import { Segments } from "@/components/Segments";
import type { Form, Json } from "@/features/strategies/editor/document";
import { useReader } from "@/features/strategies/editor/useDocument";

interface Props {
  text: string;
  value: Json | null;
  onChange: (text: string) => void;
}

const FORMS: { value: Form; label: string }[] = [
  { value: "yaml", label: "YAML" },
  { value: "json", label: "JSON" },
];

/** Write the document in the other form; only what can be read can be written again. */
export function FormSwitch({ text, value, onChange }: Props) {
  const reader = useReader(true);
  if (reader === null || value === null) return <span />;
  return (
    <Segments
      label="Form of the document"
      options={FORMS}
      value={reader.formOf(text)}
      onChange={(form) => onChange(reader.write(value, form))}
    />
  );
}
