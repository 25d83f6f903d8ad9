import { useState } from "react";
import { Icon } from "@/components/Icon";
import { Panel } from "@/components/Panel";
import { Entry } from "@/features/new-run/Entry";
import { useForm } from "@/features/new-run/form";
import styles from "@/features/new-run/parts.module.css";
import chips from "@/features/new-run/SymbolPicker.module.css";

/** What the run is called in the history. */
export function LabelsPart() {
  const { draft, edit } = useForm();
  const [typed, setTyped] = useState("");
  const add = (text: string) => {
    const tags = text.split(",").map((tag) => tag.trim());
    const fresh = tags.filter(
      (tag, index) => tag && !draft.tags.includes(tag) && tags.indexOf(tag) === index,
    );
    if (fresh.length > 0) edit({ tags: [...draft.tags, ...fresh] }, "tags");
    setTyped("");
  };
  return (
    <Panel title="Name and tags">
      <div className={styles.grid}>
        <Entry path="name" label="Name">
          {(control) => (
            <input
              {...control}
              type="text"
              maxLength={120}
              value={draft.name}
              onChange={(event) => edit({ name: event.target.value }, "name")}
            />
          )}
        </Entry>
        <Entry path="tags" label="Tags" hint="Enter or a comma ends a tag.">
          {(control) => (
            <div className={styles.tags}>
              <input
                {...control}
                type="text"
                maxLength={40}
                value={typed}
                onChange={(event) =>
                  event.target.value.includes(",") ? add(event.target.value) : setTyped(event.target.value)
                }
                onBlur={() => add(typed)}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" || !typed.trim()) return;
                  event.preventDefault();
                  add(typed);
                }}
              />
              {draft.tags.length > 0 && (
                <ul className={chips.chosen} aria-label="Tags of the run">
                  {draft.tags.map((tag) => (
                    <li key={tag} className={chips.chip}>
                      {tag}
                      <button
                        type="button"
                        aria-label={`Leave the tag ${tag} out`}
                        onClick={() => edit({ tags: draft.tags.filter((one) => one !== tag) }, "tags")}
                      >
                        <Icon name="close" size={12} />
                      </button>
                    </li>
                  ))}
                </ul>
              )}
            </div>
          )}
        </Entry>
      </div>
      <div className={styles.below}>
        <Entry path="notes" label="Notes">
          {(control) => (
            <textarea
              {...control}
              rows={2}
              maxLength={10_000}
              value={draft.notes}
              onChange={(event) => edit({ notes: event.target.value }, "notes")}
            />
          )}
        </Entry>
      </div>
    </Panel>
  );
}
