// Writes seeds for message_fuzz: one message of each kind, by rule, each value its field's number.
//
//   message_seeds DIR
#include <google/protobuf/message.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "messages.pb.h"

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Sets every field, one of `what` in a oneof; `depth` bounds what contains itself.
void fill(Message& message, int what, int depth = 0) {
  const auto* const about = message.GetDescriptor();
  const auto* const with = message.GetReflection();
  for (int i = 0; i < about->field_count(); ++i) {
    const FieldDescriptor* const field = about->field(i);
    if (field->containing_oneof() && field->index_in_oneof() != what) continue;
    const int number = field->number();
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth == 4) break;
        fill(many ? *with->AddMessage(&message, field) : *with->MutableMessage(&message, field),
             what, depth + 1);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        many ? with->AddString(&message, field, "none") : with->SetString(&message, field, "none");
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        many ? with->AddBool(&message, field, true) : with->SetBool(&message, field, depth > 2);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        many ? with->AddDouble(&message, field, number) : with->SetDouble(&message, field, number);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        many ? with->AddInt32(&message, field, 1) : with->SetInt32(&message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        many ? with->AddInt64(&message, field, 1) : with->SetInt64(&message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        many ? with->AddUInt32(&message, field, 0) : with->SetUInt32(&message, field, number);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        many ? with->AddUInt64(&message, field, 1) : with->SetUInt64(&message, field, 1);
        break;
      default:
        break;
    }
  }
}

// As message_fuzz takes messages apart.
void write(const std::filesystem::path& file, char receiver,
           const std::vector<std::string>& parts) {
  std::ofstream stream(file, std::ios::binary);
  stream << receiver << static_cast<char>(parts.size() - 1);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) stream << static_cast<char>(parts[i].size());
  for (const std::string& part : parts) stream << part;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace convoy::runtime;
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const int kinds = wire::Request::descriptor()->oneof_decl(0)->field_count();
  for (int kind = 0; kind < kinds; ++kind) {
    wire::Request request;
    fill(request, kind);
    write(folder / ("request-" + std::to_string(kind)), '\0',
          {request.SerializeAsString(), "tail"});
  }
  wire::Answer answer;
  fill(answer, 0);
  write(folder / "answer", '\1', {answer.SerializeAsString()});
  // Values 1 and 2 of a request: a float, and two strings.
  wire::DataHeader parcel;
  parcel.set_epoch(1);
  parcel.set_from(1);
  wire::TensorHeader& number = *parcel.add_items();
  number.set_value(1);
  number.set_type(1);
  number.set_bytes(4);
  wire::TensorHeader& texts = *parcel.add_items();
  texts.set_value(2);
  texts.set_type(8);
  texts.add_dims(2);
  texts.add_strings("a");
  texts.add_strings("b");
  write(folder / "parcel", '\2', {parcel.SerializeAsString(), std::string(4, '\0')});
  fill(parcel, 0);
  write(folder / "parcel-full", '\2', {parcel.SerializeAsString()});
  write(folder / "zap", '\3',
        {"1.0", "id", "control", "10.0.0.7", "", "CURVE", std::string(32, 'k')});
  return 0;
}
