#include "bench/results_store.h"

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace convoy::bench {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS cases (
  id TEXT PRIMARY KEY, algorithm TEXT NOT NULL, title TEXT NOT NULL, basemodel TEXT NOT NULL,
  partition TEXT NOT NULL, time TEXT NOT NULL, directory TEXT NOT NULL, error TEXT);
CREATE TABLE IF NOT EXISTS hyperparameters (
  case_id TEXT NOT NULL REFERENCES cases(id), name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (case_id, name));
CREATE TABLE IF NOT EXISTS figures (
  case_id TEXT NOT NULL REFERENCES cases(id), name TEXT NOT NULL, value REAL, unit TEXT NOT NULL,
  source TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (case_id, name));
CREATE TABLE IF NOT EXISTS stages (
  case_id TEXT NOT NULL REFERENCES cases(id), stage INTEGER NOT NULL, device TEXT NOT NULL,
  file TEXT NOT NULL, requests INTEGER NOT NULL, busy_s REAL NOT NULL,
  sent_bytes INTEGER NOT NULL, peak_memory_bytes INTEGER NOT NULL, cpu_s REAL NOT NULL,
  PRIMARY KEY (case_id, stage));
)";

using Cell = std::variant<std::nullptr_t, std::string, double, std::int64_t>;

// An open database; every statement's failure is kept until somebody asks.
class Database {
 public:
  explicit Database(const std::filesystem::path& file) : file_(file.string()) {
    sqlite3* opened = nullptr;
    const int status = sqlite3_open(file.c_str(), &opened);
    connection_.reset(opened);
    note(status);
    if (opened != nullptr) sqlite3_busy_timeout(opened, 5000);
  }

  void run(const char* sql) {
    if (!error_) note(sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr));
  }

  void insert(const char* sql, const std::vector<Cell>& cells) {
    if (error_) return;
    sqlite3_stmt* prepared = nullptr;
    note(sqlite3_prepare_v2(connection_.get(), sql, -1, &prepared, nullptr));
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared,
                                                                         sqlite3_finalize);
    if (error_) return;
    for (int i = 0; const Cell& cell : cells) {
      ++i;
      if (const auto* text = std::get_if<std::string>(&cell)) {
        note(sqlite3_bind_text(prepared, i, text->data(), static_cast<int>(text->size()),
                               SQLITE_TRANSIENT));
      } else if (const auto* number = std::get_if<double>(&cell)) {
        note(sqlite3_bind_double(prepared, i, *number));
      } else if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
        note(sqlite3_bind_int64(prepared, i, *whole));
      }
    }
    note(sqlite3_step(prepared));
  }

  [[nodiscard]] Result<void> result() const {
    if (error_) return fail(ErrorKind::failure, "{}: {}", file_, *error_);
    return {};
  }

 private:
  void note(int status) {
    if (error_ || status == SQLITE_OK || status == SQLITE_DONE) return;
    error_ = connection_ ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(status);
  }

  std::string file_;
  std::unique_ptr<sqlite3, decltype([](sqlite3* open) { sqlite3_close(open); })> connection_;
  std::optional<std::string> error_;
};

void add(Database& database, const TestResult& result) {
  database.insert("INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  {result.id, result.algorithm, result.title, result.module, result.partition,
                   result.time, result.directory.string(),
                   result.error ? Cell(result.error->message) : Cell(nullptr)});
  for (const auto& [name, value] : result.parameters) {
    database.insert("INSERT OR REPLACE INTO hyperparameters VALUES (?, ?, ?)",
                    {result.id, name, value});
  }
  for (const Figure& figure : result.figures) {
    database.insert("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?, ?)",
                    {result.id, figure.name, figure.value ? Cell(*figure.value) : Cell(nullptr),
                     std::string(name_of(figure.unit)),
                     std::string(name_of(figure.source)), figure.note});
  }
  for (std::int64_t i = 0; const runtime::StageReport& stage : result.record.stages) {
    database.insert("INSERT OR REPLACE INTO stages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    {result.id, i++, stage.device, stage.file,
                     static_cast<std::int64_t>(stage.requests), stage.busy.count(),
                     stage.sent.value(), stage.peak_memory.value(), stage.cpu_seconds});
  }
}

}  // namespace

Result<void> store(const std::filesystem::path& file, const std::vector<TestResult>& results) {
  Database database(file);
  database.run("PRAGMA journal_mode = TRUNCATE");
  database.run(kSchema);
  database.run("BEGIN IMMEDIATE");
  for (const TestResult& result : results) add(database, result);
  database.run("COMMIT");
  return database.result();
}

}  // namespace convoy::bench
