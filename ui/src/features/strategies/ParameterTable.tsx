import { declaredOf } from "@/features/strategies/parameters";
import styles from "@/features/strategies/Tables.module.css";

/** What of a strategy can be set for a run, and within what range. */
export function ParameterTable({ parameters }: { parameters: unknown }) {
  const declared = Object.entries(declaredOf(parameters));
  if (declared.length === 0) return <p className={styles.empty}>It has none.</p>;
  const described = declared.some(([, parameter]) => parameter.meaning);
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col" className="num">
              Default
            </th>
            <th scope="col" className="num">
              Least
            </th>
            <th scope="col" className="num">
              Most
            </th>
          </tr>
        </thead>
        <tbody>
          {declared.map(([name, parameter]) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
                {described && parameter.meaning && <div className={styles.meaning}>{parameter.meaning}</div>}
              </th>
              <td>{parameter.type}</td>
              <td className="num">{String(parameter.standard)}</td>
              <td className="num">{parameter.low ?? "–"}</td>
              <td className="num">{parameter.high ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
