#include "dataset/pii/keywords.h"

#include <cstddef>
#include <iterator>

namespace idiolect {
namespace {

constexpr PiiKeywordRow kRows[] = {
    {kSaysPhone,
     "phone phones telephone tel call mobile cell fax whatsapp viber desk office sms dial "
     "телефон телефона телефону телефоны телефонный тел телефончик мобильный моб мобила сотовый "
     "сот звони звоните позвони позвоните набери наберите перезвони "
     "факс вотсап вотсапп ватсап вацап вайбер смс трубка"},
    {kSaysNumber, "номер номера номеру номерок number no"},
    {kSaysPassport,
     "passport паспорт паспорта паспорту паспортом паспорте паспортные паспортных загранпаспорт "
     "загранпаспорта серия серии"},
    {kSaysDriver,
     "driver drivers driving license licence водительское водительские водительских водительского "
     "ву права удостоверения удостоверение удостоверении прав"},
    {kSaysInn, "инн inn taxpayer tin налогоплательщика"},
    {kSaysSnils, "снилс snils страхового страховой лицевого пенсионного"},
    {kSaysOgrn,
     "огрн огрнип ogrn ogrnip регистрационный регистрационного егрюл егрип предпринимателя"},
    {kSaysKpp, "кпп kpp"},
    {kSaysBik, "бик bik bic"},
    {kSaysAccount,
     "счет счета счете счету рс кс account acct iban расчетный корреспондентский сберкнижки "
     "сберкнижка лицевой"},
    {kSaysBirth,
     "рождения рожд родился родилась родились рожден рождена др днюха дня born birth dob birthday "
     "birthdate bday смерти умер умерла скончался скончалась died death deceased"},
    {kSaysPolicy,
     "омс страхование страхованию полис полиса полису полисом дмс страховка страховки страховку "
     "страхования осаго каско "
     "страховой policy insurance"},
    {kSaysCvv, "cvv cvc cvv2 cvc2 csc цвв цвц cvn"},
    {kSaysMilitary,
     "военный военного военному военник военнослужащего военнослужащему улв military"},
    {kSaysEducation,
     "диплом диплома диплому дипломе аттестат аттестата свидетельство свидетельства сертификат "
     "сертификата удостоверение удостоверения образовании образования квалификации обучении "
     "diploma "
     "certificate"},
    {kSaysResidence, "внж рвп жительство жительства residence"},
    {kSaysOkpo, "окпо okpo предприятий"},
    {kSaysVin, "vin вин chassis шасси кузова кузов"},
    {kSaysCar,
     "госномер госномера гос государственный автомобильный автомобиля автомобиль авто машины "
     "машина тачки тс транспортного "
     "регзнак знак plate"},
    {kSaysPassword,
     "пароль пароля паролем пароли пасс password passwd passwords pwd pass passphrase пинкод пин "
     "pin"},
    {kSaysLogin, "логин логина логином login username user_name"},
    {kSaysSecret,
     "token токен токена secret секрет api_key apikey api key ключ ключа bearer access_token "
     "client_secret secret_key api_token private_key"},
    {kSaysSeed, "seed сид мнемоника мнемоническая mnemonic сидфраза"},
    {kSaysSsn, "ssn social security"},
    {kSaysCard, "карта карты карту карте картой card cards"},
    {kSaysTitle, "mr mrs ms miss dr prof sir madam mister господин госпожа гн гжа тов товарищ"},
    {kSaysMonth,
     "января февраля марта апреля мая июня июля августа сентября октября ноября декабря january "
     "february march april may june july august september october november december jan feb mar "
     "apr "
     "jun jul aug sep sept oct nov dec"},
    {kSaysStreet,
     "ул улица улице улицу улицы пр просп проспект проспекте проспекта пер переулок переулке пл "
     "площадь площади наб набережная набережной ш шоссе бульвар бульваре бул проезд проезде тупик "
     "мкр микрорайон микрорайоне аллея аллее линия"},
    {kSaysCity, "г гор город городе пос поселок пгт деревня село дер"},
    {kSaysRegion, "обл область области край края респ республика район районе"},
    {kSaysHouse, "д дом дома доме корп корпус стр строение влад владение литер"},
    {kSaysFlat, "кв квартира квартире оф офис комната комн под подъезд подъезде этаж"},
    {kSaysEnStreet,
     "street st road rd avenue ave lane ln drive dr boulevard blvd court ct way place pl square sq "
     "terrace highway hwy crescent close parkway pkwy"},
    {kSaysEnUnit, "suite apt apartment unit flat floor room"},
    {kSaysCodeWord, "код code"},
    // Technical and everyday words that people take for display names ("Java", "Performance"): in a
    // text they are what they always are. None that is a common surname, too.
    {kEveryday,
     "java javascript typescript python kotlin golang rust scala haskell erlang elixir clojure "
     "swift perl php bash shell lisp fortran delphi pascal basic assembler cpp sql mysql "
     "postgres postgresql oracle sqlite mongo mongodb redis kafka spark hadoop docker kubernetes "
     "linux unix windows ubuntu debian fedora android apple google yandex amazon azure github "
     "gitlab telegram discord slack zoom skype whatsapp facebook twitter instagram youtube "
     "wikipedia chrome firefox safari opera nginx apache tomcat django flask react angular node "
     "npm maven gradle jenkins jira excel word photoshop figma unity unreal performance quality "
     "security testing tester test tests develop developer developers development dev devops "
     "engineer engineering backend frontend fullstack mobile web data database server client "
     "cloud network system systems admin administrator moderator root user users guest bot robot "
     "support service help helpdesk info news media press radio channel group chat team office "
     "company business market marketing sales design designer product project manager management "
     "director boss lead senior junior intern student students teacher school university college "
     "academy science research lab labs studio shop store bank finance money bitcoin crypto "
     "trade trading invest job jobs work career study english russian german french spanish "
     "moscow london paris berlin russia ukraine america europe world planet earth stars autumn "
     "night morning evening monday friday sunday music metal jazz game games gamer player sport "
     "football hockey travel photo photos video movie film story dream dreams freedom happy "
     "happiness life home house family mother father mama papa girl woman people person human "
     "friends anonymous anonym unknown nobody someone somebody everybody nothing something "
     "deleted account official private public secret master ninja hacker coder programmer coding "
     "code error bug debug debugger null void string array object class function method module "
     "package library framework interface compiler runtime thread process memory cache queue "
     "stack heap stream kernel driver device hardware software computer laptop phone keyboard "
     "mouse screen админ админы администратор модератор бот робот поддержка сервис служба помощь "
     "новости новость канал группа чат беседа команда офис компания бизнес маркет маркетинг "
     "продажи дизайн дизайнер продукт проект менеджер директор начальник шеф босс разработчик "
     "разработка программист инженер тестировщик тест тестирование качество производительность "
     "безопасность система сервер клиент сеть данные база код ошибка студент студенты учитель "
     "школа университет академия наука лаборатория студия магазин банк финансы деньги работа "
     "вакансии карьера учеба курс курсы английский русский немецкий москва питер россия украина "
     "казахстан сибирь урал европа планета земля луна звезда солнце солнышко океан река лес ночь "
     "утро вечер вода музыка рок игра игры игрок спорт футбол хоккей путешествие фото видео кино "
     "фильм книга книги история мечта свобода счастье жизнь дом семья отец брат сестра дочка "
     "бабушка дедушка малыш девушка парень мужчина женщина человек люди друг подруга друзья "
     "аноним неизвестный никто удаленный аккаунт мастер врач юрист бухгалтер секретарь водитель "
     "художник писатель поэт музыкант психолог тренер соседка хозяин хозяйка кошка котенок "
     "дракон ангел демон призрак котлин джава питон линукс питонист джавист"},
    // Forms of names that are everyday words.
    {kEveryday,
     "коли коль паши паш лен лени лень маши маш кати кать тони тон тонь толи толь вить вит ген "
     "гены "
     "света свете свету светом светы свет раю рая рай рае ада ад аду аде ады инн инну вера веры "
     "веру вере верой вер надежда надежды надежде надежду надеждой надежд любовь любви любовью "
     "люба "
     "любы любе любой любою любу люб роза розы розу розе розой роз лилия лилии лилию лилией лиль "
     "слава славы славу славе славой слав лев льва льву львом льве роман романа роману романом "
     "романе ром рома роме рому ромом ромы марк марка марку марки марке марок макс максом мила "
     "милы "
     "милой милую миле милою милу мил дан дана даны дане дану даной дано рим рима риме риму римом "
     "май мая маю мае маем майя мир мира миру миром мире тема темы теме тему темой тем тим март "
     "марта марту марте мартой август августа августу августе августом жени жень жан лука луки "
     "луку "
     "луке лук поля поли полю поле полей поль ария арии вол юр рад рада рады раду раде радой рит "
     "лад лада лады ладу ладе ладой лиз нин гор кир клим вась ась мань тань тать нор нора норы "
     "норе "
     "нору гул вик победа дар даря даром дару даре вит виты вари варю варь сени сень бори борю "
     "борь "
     "стас даш гал гали галь зин ян оль эль алл аль лид марин иль ил оси ось осе осью гор вен веня "
     "венам тит маг фил никой ник вали валю валь саш миш гриш мит мить вань гош леш дани данью "
     "дань "
     "ань сони сонь сон кузя степь степи степью степей степ грант кит пит тай ной кай каем любим "
     "любима лан ланы лану ева евы рэй рей сим сима симы симу симе зари заря зоря надь ник ян эд "
     "воля мариной алиной "
     "том тома тому томом томе томи томов люди людей людям людях людьми галочка галочки галочке "
     "галочку галочкой галка галки галке галку галкой кеш кеша кешу кеше кеши кешем кешей лиду "
     "лиды "
     "лиде лидом лиды нате вики викой вике вику лева левой левы левую леву леве семи таи тая асе "
     "сева севе севу макаром макара тимы лесе леси лесю уля ули нюша мане мани маней мань инок "
     // What people are called by without being named.
     "мама папа сестра брат бабушка дедушка тетя дядя админ админа бот бота доставка работа друг "
     "подруга любимый любимая менеджер мастер чат группа канал новости магазин поддержка новый "
     "новая "
     "просто это здесь наш наша мой моя все всё admin bot the and chat group channel news support "
     "home work user deleted account telegram official shop store mom dad service manager team "
     "club official "
     "will may june april mark grace hope rose bill art rich jack faith joy dawn pat drew bob rob "
     "frank chase mason hunter jasmine ruby amber crystal pearl ivy iris violet lily daisy olive "
     "ray guy gene victor max ken don dick harry penny ginger summer autumn sky sage chip dean "
     "earl "
     "duke king prince major miles carol christian angel jean dale glen heath brook cliff sandy "
     "robin martin gus josh van al ed eve sue tony jo ben dan sam ron ally alma tim lee jay kit "
     "stan nick pierce charity constance prudence patience serena nova star lance"},
};

}  // namespace

const PiiKeywordRow* PiiKeywordRows(size_t* count) {
  *count = std::size(kRows);
  return kRows;
}

}  // namespace idiolect
