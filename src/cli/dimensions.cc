#include "cli/dimensions.h"

#include <charconv>
#include <system_error>

namespace convoy::cli {

Result<Dimensions> parse_dimensions(const std::vector<std::string>& texts) {
  Dimensions dims;
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');  // a name may be an expression
    const char* const end = text.data() + text.size();
    std::int64_t size = 0;
    const char* stop = nullptr;
    if (equals != std::string::npos && equals != 0) {
      stop = std::from_chars(text.data() + equals + 1, end, size).ptr;
    }
    if (stop != end || size < 1) {
      return fail(ErrorKind::input, "--dim {}: write NAME=N with N at least 1, such as batch=1",
                  text);
    }
    dims[text.substr(0, equals)] = size;
  }
  return dims;
}

}  // namespace convoy::cli
